"""``python -m services.owners serve | migrate | check``."""

from services.owners.app import build
from services.owners.settings import Settings
from shared.bus.process import main

if __name__ == "__main__":
    main(build, Settings)
