"""How dates and times are written: the day before the month, the month in words, 24 hours. Numbers stay Django's."""

DATE_FORMAT = "j F Y"  # 22 November 2026
TIME_FORMAT = "H:i"  # 21:07
DATETIME_FORMAT = "j F Y, H:i"
YEAR_MONTH_FORMAT = "F Y"
MONTH_DAY_FORMAT = "j F"
SHORT_DATE_FORMAT = "j M"  # in lists
SHORT_DATETIME_FORMAT = "j M, H:i"
