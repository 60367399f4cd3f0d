"""`python -m portal.rooms.media`: what `portal media` and `portal up` run."""

import sys

from portal.rooms.media.process import main
from portal.settings import Settings, SettingsError

if __name__ == "__main__":
    try:
        main(Settings.from_env())
    except SettingsError as error:
        sys.stderr.write(f"portal: {error}\n")
        sys.exit(2)
