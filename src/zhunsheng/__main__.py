"""Run the command line as ``python -m zhunsheng``."""

from zhunsheng.cli import main

if __name__ == "__main__":  # not in the processes that read many documents
    main()
