"""The process of one training: `python -m core.jobs FOLDER`."""

import sys
from pathlib import Path

from core.jobs.run import work

if __name__ == "__main__":
    work(Path(sys.argv[1]))
