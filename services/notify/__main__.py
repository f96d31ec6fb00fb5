"""``python -m services.notify serve | migrate | check``."""

from services.notify.app import build
from services.notify.settings import Settings
from shared.bus.process import main

if __name__ == "__main__":
    main(build, Settings)
