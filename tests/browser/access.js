// What a page must have for a keyboard and a screen reader; gives a list of complaints.
() => {
  const wrong = [];
  const shown = (element) => element.checkVisibility() && element.type !== "hidden";
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const text = (id) => document.getElementById(id)?.textContent.trim();
  const name = (element) =>
    element.getAttribute("aria-label") ||
    (element.getAttribute("aria-labelledby") || "").split(" ").map(text).join(" ").trim() ||
    [...(element.labels || [])].map((label) => label.textContent.trim()).join(" ") ||
    element.textContent.trim();
  if (document.documentElement.lang !== "en") wrong.push("no language");
  if (!document.title.includes(" · ")) wrong.push("the title does not say page and site");
  if (all("h1").length !== 1) wrong.push(`${all("h1").length} first headings`);
  if (all("main").length !== 1) wrong.push("no single main part");
  let level = 0;
  for (const heading of all("h1,h2,h3,h4")) {
    const its = Number(heading.tagName[1]);
    if (its > level + 1) wrong.push(`heading ${its} after ${level}: ${heading.textContent}`);
    level = its;
  }
  for (const element of all("input,select,textarea,button,a[href],summary,nav,section[aria-labelledby]"))
    if (!name(element)) wrong.push(`no name: ${element.outerHTML.slice(0, 120)}`);
  for (const element of document.querySelectorAll("[aria-describedby],[aria-labelledby],label[for]"))
    for (const attribute of ["aria-describedby", "aria-labelledby", "for"])
      for (const id of (element.getAttribute(attribute) || "").split(" ").filter(Boolean))
        if (!document.getElementById(id)) wrong.push(`${attribute} names no element: ${id}`);
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) wrong.push(`id twice: ${id}`);
  for (const field of all("input:not([type=checkbox], [type=radio])"))
    if (!field.autocomplete) wrong.push(`no autocomplete: ${field.name}`);
  for (const element of document.querySelectorAll("[tabindex]"))
    if (element.tabIndex > 0) wrong.push("an order of its own");
  for (const drawing of all("svg")) if (drawing.getAttribute("aria-hidden") !== "true") wrong.push("a drawing without words");
  if (document.documentElement.scrollWidth > innerWidth) wrong.push(`wider than the screen by ${document.documentElement.scrollWidth - innerWidth}`);
  for (const element of all("button,input:not([type=checkbox], [type=radio]),summary,.button")) {
    const box = element.getBoundingClientRect();
    if (box.height < 44) wrong.push(`too low to touch: ${name(element)} ${box.height}`);
  }
  const refused = all("[aria-invalid]");
  if (refused.length && !all("[role=alert]").length) wrong.push("an error that is not told");
  return wrong;
}
