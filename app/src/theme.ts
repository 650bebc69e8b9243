// Runs before anything is painted, so that the page never flashes in the wrong colours.
const saved = localStorage.getItem("ssi.theme");
const dark = saved ? saved === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
document.documentElement.classList.toggle("dark", dark);

export {};
