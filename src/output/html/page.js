// Sorting, filtering, unfolding. The page is whole without it, so all controls are made here.
(() => {
  "use strict";

  const make = (name, properties, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };

  const value = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.n ?? cell.textContent.trim();
    const number = Number(text.replaceAll(",", ""));
    return text === "" || Number.isNaN(number) ? text : number;
  };

  // Numbers before words, equals as they stood.
  const compare = (a, b) => {
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return typeof a === "number" ? a - b : a.localeCompare(b);
  };

  const sortable = (table) => {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = make("button", { type: "button" }, ...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const first = head.classList.contains("n") ? "descending" : "ascending";
        const other = first === "ascending" ? "descending" : "ascending";
        const order = head.getAttribute("aria-sort") === first ? other : first;
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", order);
        const sign = order === "ascending" ? 1 : -1;
        const keyed = [...table.tBodies[0].rows].map((row) => [value(row, column), row]);
        keyed.sort(([a], [b]) => sign * compare(a, b));
        table.tBodies[0].append(...keyed.map(([, row]) => row));
      });
    });
  };

  // Fewer rows are seen at a glance.
  const LEAST_FILTERED = 6;

  const filterable = (section) => {
    const items = [...section.querySelectorAll("tbody tr, .unfolded > details")];
    const known = items.map((item) => item.textContent.toLowerCase());
    const rows = items.filter((item) => item.tagName === "TR").length;
    if (rows < LEAST_FILTERED) return;
    const text = make("input", { type: "search", placeholder: "group, kind, words …", autocomplete: "off" });
    const names = [...new Set(items.map((item) => item.dataset.v).filter(Boolean))];
    const verdict = make("select", {}, make("option", { value: "" }, "all verdicts"));
    verdict.append(...names.map((name) => make("option", { value: name }, name)));
    const count = make("output", {});
    const filter = () => {
      const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      items.forEach((item, index) => {
        const fits = (!verdict.value || item.dataset.v === verdict.value) && words.every((word) => known[index].includes(word));
        item.hidden = !fits;
        if (fits && item.tagName === "TR") shown += 1;
      });
      count.textContent = shown === rows ? `${rows} rows` : `${shown} of ${rows} rows`;
    };
    text.addEventListener("input", filter);
    verdict.addEventListener("change", filter);
    filter();
    const controls = make("div", { className: "controls", role: "search", ariaLabel: section.querySelector("h2").textContent });
    controls.append(make("label", {}, "Filter ", text));
    if (names.length > 1) controls.append(make("label", {}, "Verdict ", verdict));
    controls.append(count);
    section.querySelector(".scroll").before(controls);
  };

  const foldable = (unfolded) => {
    const folds = [...unfolded.children];
    const all = make("button", { type: "button" }, folds.every((fold) => fold.open) ? "Fold all" : "Unfold all");
    all.addEventListener("click", () => {
      const open = folds.some((fold) => !fold.hidden && !fold.open);
      folds.forEach((fold) => (fold.open = open));
      all.textContent = open ? "Fold all" : "Unfold all";
    });
    unfolded.before(make("div", { className: "controls" }, all));
  };

  // A link to what is folded opens it; not every browser does so by itself.
  const reveal = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const fold = target && target.closest("details");
    if (fold) {
      fold.hidden = false;
      fold.open = true;
      fold.scrollIntoView();
    }
  };

  document.querySelectorAll("table[data-sort]").forEach(sortable);
  document.querySelectorAll("[data-filter]").forEach(filterable);
  document.querySelectorAll(".unfolded").forEach(foldable);
  addEventListener("hashchange", reveal);
  reveal();

  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    folded.forEach((fold) => (fold.open = true));
  });
  addEventListener("afterprint", () => folded.forEach((fold) => (fold.open = false)));
})();
