"""The pages of deals, a module for each kind of page. Rules and locks are the verbs'."""
