"""The documents that a private person's bankruptcy needs, as they are shipped; the catalogue is edited in the admin.

By article 213.4 of the bankruptcy law (127-ФЗ), in the order in which lawyers ask for them: what only the client has,
what banks and lenders issue, what offices issue.
"""

from __future__ import annotations

# name, name in English, required
DOCUMENTS: list[tuple[str, str, bool]] = [
    ("Паспорт, все страницы", "Passport, all pages", True),
    ("СНИЛС", "Pension insurance number (SNILS)", True),
    ("ИНН", "Taxpayer number (INN)", True),
    ("Доверенность на представителя", "Power of attorney", True),
    ("Кредитная история (2 бюро)", "Credit history (2 bureaus)", True),
    ("Кредитные договоры", "Credit agreements", True),
    ("Справки об остатках долга", "Statements of outstanding debt", True),
    ("Выписки по счетам за 3 года", "Account statements for 3 years", True),
    ("Справка о доходах за 3 года", "Proof of income for 3 years", True),
    ("Копия трудовой книжки или сведения о трудовой деятельности", "Employment record", True),
    ("Справка о составе семьи", "Family certificate", True),
    ("Выписка из ЕГРН", "Land register extract (EGRN)", True),
    ("Квитанция об оплате госпошлины", "Receipt of the state fee", True),
    ("Внесение вознаграждения управляющего на депозит суда", "Manager's fee deposited with the court", True),
    ("Свидетельство о браке или разводе", "Marriage or divorce certificate", False),
    ("Свидетельства о рождении детей", "Birth certificates of children", False),
    ("Брачный договор, соглашение о разделе имущества", "Marriage contract, division of property", False),
    ("ПТС и свидетельство о регистрации автомобиля", "Vehicle papers", False),
    ("Сделки с имуществом за 3 года", "Deals with property in 3 years", False),
    ("Судебные решения и постановления приставов", "Court decisions and bailiffs' orders", False),
    ("Справка о статусе ИП", "Certificate of sole trader status", False),
    ("Медицинские справки, пенсионное удостоверение", "Medical certificates, pension card", False),
]

REMINDER = (
    "{name}, здравствуйте. Это {operator}, ваш юрист. Чтобы подать в суд, не хватает документов:\n{documents}\n"
    "Пришлите, пожалуйста, фото или сканы сюда, оригиналы привезите в офис."
)
"""What a client reads who is reminded; sent as well where the catalogue has no such text."""
