"""The window's language: our translations and Qt's own."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator


def install_language(app: QCoreApplication, language: str, folder: Path) -> list[QTranslator]:
    """Translates `app` into `language` ("system" or a code such as "de"); English where there is no translation.

    Returns the translators, which must be kept as long as they are to translate.
    """
    locale = QLocale.system() if language == "system" else QLocale(language)
    QLocale.setDefault(locale)
    installed: list[QTranslator] = []
    for name, place in (
        ("qtbase", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)),
        ("loadout", str(folder)),
    ):
        translator = QTranslator(app)
        if translator.load(locale, name, "_", place):
            app.installTranslator(translator)
            installed.append(translator)
    return installed
