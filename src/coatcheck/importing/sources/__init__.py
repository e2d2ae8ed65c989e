"""Sources of accounts: one file another system. Each reads, and gives accounts in the words of `importing.account`."""
