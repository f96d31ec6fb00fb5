"""``python -m services.notify serve | migrate | check``."""

from services.notify.app import build
from services.notify.settings import Settings
from shared import settings as configuration
from shared.bus.process import main

if __name__ == "__main__":
    main(build(configuration.read(Settings)), Settings)
