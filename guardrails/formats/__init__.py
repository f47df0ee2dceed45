"""The forms of the output: one module each, with `write_<form>(scan)`, imported when asked for."""

FORMATS = ("text", "json", "sarif", "github", "junit", "gitlab")
