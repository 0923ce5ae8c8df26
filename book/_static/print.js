// A page is printed in light colors, whatever the theme on the screen.

"use strict";
{
  const root = document.documentElement;
  let screen = root.dataset.theme;

  addEventListener("beforeprint", () => {
    screen = root.dataset.theme;
    root.dataset.theme = "light";
  });

  addEventListener("afterprint", () => {
    root.dataset.theme = screen;
  });
}
