"""``python -m services.arrears serve | migrate | check``."""

from services.arrears.app import build
from services.arrears.settings import Settings
from shared.bus.process import main

if __name__ == "__main__":
    main(build, Settings)
