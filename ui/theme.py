"""How the page looks: Gradio's theme, the stylesheet and the small script of the page; system fonts only."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

BODY_FONT = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif")
MONO_FONT = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")

ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E"
    "%3Crect width='32' height='32' rx='7' fill='%23175e58'/%3E%3Ccircle cx='12' cy='20' r='5' fill='%23fff'/%3E"
    "%3Cpath d='M17 20h9' stroke='%23fff' stroke-width='3'/%3E%3C/svg%3E"
)

# Back and forward change the session in the address; loading anew shows the one that stands there.
HEAD = f"""
<link rel="icon" href="{ICON}">
<meta name="color-scheme" content="light dark">
<script>window.addEventListener("popstate", () => location.reload());</script>
"""

SESSION_OF_ADDRESS = "() => [new URLSearchParams(location.search).get('session') || '']"
ADDRESS_OF_SESSION = """(id) => {
  const url = new URL(location.href);
  if ((url.searchParams.get('session') || '') === id) return;
  if (id) url.searchParams.set('session', id); else url.searchParams.delete('session');
  history.pushState({}, '', url);
}"""
TO_TOP = "() => { window.scrollTo(0, 0); }"
TO_BOX = """() => { setTimeout(() => {
  const last = document.querySelector('#transcript .turn:last-child');
  const box = document.querySelector('#message textarea');
  if (last && last.dataset.turn) {
    // A turn that is taller than the screen is shown from its beginning.
    last.scrollIntoView({block: last.offsetHeight < innerHeight - 220 ? 'nearest' : 'start'});
  } else window.scrollTo(0, 0);
  if (box) box.focus({preventScroll: true});
}, 60); }"""
PICK = """element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-pick]');
  if (button) trigger('pick', {id: button.dataset.pick});
});"""
OPEN = """element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-session]');
  if (button) trigger('open', {id: button.dataset.session});
});"""
# The brief lies open beside the talk on a wide screen and folded above it on a narrow one.
FIT_BRIEF = """const fit = () => {
  const brief = element.querySelector('details.brief');
  if (brief) brief.open = window.matchMedia('(min-width: 901px)').matches;
};
fit();
watch('value', fit);"""
# What the reader opened stays open when the numbers move.
KEEP_OPEN = """let isOpen = false;
element.addEventListener('toggle', (event) => { isOpen = event.target.open; }, true);
watch('value', () => {
  const box = element.querySelector('details');
  if (box && box.open !== isOpen) box.open = isOpen;
});"""
# Keeps the newest words in sight while they stream, unless the reader has scrolled up.
FOLLOW = """watch('value', () => {
  const running = element.querySelector('.turn.running');
  const isNear = window.innerHeight + window.scrollY > document.documentElement.scrollHeight - 400;
  if (running && isNear) window.scrollTo(0, document.documentElement.scrollHeight);
});"""


def stylesheet() -> str:
    """The page's stylesheet."""
    return files("ui").joinpath("style.css").read_text(encoding="utf-8")


def build_theme() -> Any:
    """Gradio's theme in the page's colours, by the stylesheet's variables."""
    from gradio import themes

    theme = themes.Base(
        primary_hue=themes.colors.teal,
        neutral_hue=themes.colors.stone,
        radius_size=themes.sizes.radius_md,
        font=BODY_FONT,
        font_mono=MONO_FONT,
    )
    both = {
        "body_background_fill": "var(--paper)",
        "body_text_color": "var(--ink)",
        "body_text_color_subdued": "var(--muted)",
        "background_fill_primary": "var(--surface)",
        "background_fill_secondary": "var(--paper)",
        "block_background_fill": "transparent",
        "border_color_primary": "var(--line)",
        "border_color_accent": "var(--accent)",
        "input_background_fill": "var(--surface)",
        "input_border_color": "var(--edge)",
        "input_border_color_focus": "var(--accent)",
        "input_placeholder_color": "var(--muted)",
        "button_primary_background_fill": "var(--accent)",
        "button_primary_background_fill_hover": "var(--accent-strong)",
        "button_primary_text_color": "var(--on-accent)",
        "button_secondary_background_fill": "var(--surface)",
        "button_secondary_background_fill_hover": "var(--wash)",
        "button_secondary_text_color": "var(--ink)",
        "button_secondary_border_color": "var(--edge)",
        "checkbox_label_background_fill": "transparent",
        "checkbox_label_background_fill_hover": "var(--wash)",
        "checkbox_label_background_fill_selected": "var(--wash)",
        "checkbox_label_text_color": "var(--ink)",
        "checkbox_label_text_color_selected": "var(--ink)",
        "checkbox_background_color": "var(--surface)",
        "checkbox_border_color": "var(--edge)",
        "checkbox_background_color_selected": "var(--accent)",
        "checkbox_border_color_selected": "var(--accent)",
        "block_label_text_color": "var(--muted)",
        "block_title_text_color": "var(--ink)",
        "block_info_text_color": "var(--muted)",
    }
    dark = {f"{name}_dark": value for name, value in both.items()}
    return theme.set(block_border_width="0px", block_shadow="none", **both, **dark)
