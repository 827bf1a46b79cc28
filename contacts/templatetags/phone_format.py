"""How a phone number is written on screen and in links. The numbers themselves are `contacts.phones`' business."""

from __future__ import annotations

from django import template

from contacts import phones

register = template.Library()


@register.filter
def phone(e164: str | None) -> str:
    """«+7 937 000-60-27», kept on one line; nothing -> empty."""
    return phones.display(e164).replace(" ", "\u00a0") if e164 else ""


@register.filter
def tel(e164: str | None) -> str:
    """The address that makes the telephone call: «tel:+79370006027»."""
    return f"tel:{e164}" if e164 else ""


@register.filter
def whatsapp(e164: str | None) -> str:
    """The address of a WhatsApp chat with the number, which WhatsApp wants as bare digits."""
    return f"https://wa.me/{e164.removeprefix('+')}" if e164 else ""
