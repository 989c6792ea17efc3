
// While a request is typed: the articles that may answer it (the page that follows shows them without
// this script).
for (const form of document.querySelectorAll("form[data-suggest]")) {
  const place = form.querySelector("#suggestions");
  const title = form.elements.namedItem("titre");
  const details = form.elements.namedItem("details");
  let timer;
  let asking;
  let asked = "";
  const ask = async () => {
    const address = new URL(form.dataset.suggest, location.href);
    address.searchParams.set("q", title.value.trim().slice(0, 150));
    address.searchParams.set("texte", details.value.trim().slice(0, 400));
    if (address.href === asked) return;
    asked = address.href;
    asking?.abort();
    asking = new AbortController();
    try {
      const answer = await fetch(address, { signal: asking.signal });
      if (!answer.ok) return;
      const piece = new DOMParser().parseFromString(await answer.text(), "text/html");
      place.replaceChildren(...piece.body.children);
      place.hidden = place.children.length === 0;
    } catch {
      // Another question was put meanwhile, or nobody answers: the form is there all the same.
    }
  };
  form.addEventListener("input", (event) => {
    if (event.target !== title && event.target !== details) return;
    clearTimeout(timer);
    timer = setTimeout(ask, 500);
  });
}
