from suites.mistakes.mistake import Mistake

MISTAKES: tuple[Mistake, ...] = ()
