"""``python -m services.billing serve | migrate | check``."""

from services.billing.app import build
from services.billing.settings import Settings
from shared.bus.process import main

if __name__ == "__main__":
    main(build, Settings)
