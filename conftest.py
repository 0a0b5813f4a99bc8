pytest_plugins = [
    "fixtures.options",
    "fixtures.generate",
    "fixtures.progress",
    "fixtures.verdicts",
    "fixtures.leaving",
    "fixtures.reporting",
    "fixtures.benchmark",
    "fixtures.saving",
    "fixtures.sparing",
]
