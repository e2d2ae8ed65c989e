"""The door for `python -m coatcheck`, where the `coatcheck` program is not on the path."""

from coatcheck.cli import main

if __name__ == "__main__":
    main()
