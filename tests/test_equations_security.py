"""Security, solved by hand and against another solver: losses survived, and concentration (eq. 11)."""

from __future__ import annotations

import numpy as np
import pytest
from handmade import facts, solve, story, unfolded
