// The page between us and the neutral one: it replaces itself, so that "back" does not lead here.
const target = document.querySelector("[data-neutral]");
if (target) window.location.replace(target.href);
