"""How the app looks: one accent that is not red, quiet greys, one radius, in light and in dark."""

from __future__ import annotations

from typing import Any

_FONTS = "Inter, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

_LIGHT = {
    "primaryColor": "#0F766E",
    "backgroundColor": "#FCFCFB",
    "secondaryBackgroundColor": "#F3F4F2",
    "textColor": "#1B1F1E",
    "borderColor": "#D9DDDA",
    "linkColor": "#0F766E",
}
_DARK = {
    "primaryColor": "#2DD4BF",
    "backgroundColor": "#131716",
    "secondaryBackgroundColor": "#1C2220",
    "textColor": "#E7ECEA",
    "borderColor": "#37403D",
    "linkColor": "#2DD4BF",
}


def theme() -> dict[str, Any]:
    """Streamlit options by dotted name."""
    both = {
        "theme.font": _FONTS,
        "theme.baseFontSize": 15,
        "theme.baseRadius": "6px",
        "theme.showWidgetBorder": True,
        "theme.showSidebarBorder": True,
        "theme.headingFontSizes": ["1.5rem", "1.2rem", "1rem"],
        "theme.headingFontWeights": 600,
        "theme.metricValueFontSize": "1.6rem",
        "theme.metricValueFontWeight": 600,
        "theme.paddingTop": "1.5rem",
        "theme.paddingBottom": "1.5rem",
    }
    light = {f"theme.light.{name}": value for name, value in _LIGHT.items()}
    dark = {f"theme.dark.{name}": value for name, value in _DARK.items()}
    return {**both, **light, **dark}
