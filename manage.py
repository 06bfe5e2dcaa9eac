"""Administrative commands of the web application: migrate, serve, worker, check_audit and Django's own."""

import sys

if __name__ == "__main__":
    from zhunsheng.web.commands import main

    main(sys.argv)
