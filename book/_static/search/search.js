"use strict";
// The search page: sections ranked by MiniSearch, one result for each page, the best of its sections first.
{
  const MOST = 12; // results
  const EXCERPT = 240; // characters
  const REFERENCE = /^book\/(glossary|bibliography|notation|claims|guides\/)/; // pages that have every word
  // Words of a question that say nothing of its subject.
  const SILENT = new Set(
    `a about after all am an and any are as at be been before between but by can could did do does doing done for from get
    gets give gives go got had has have how i if in into is it its just keep like make makes many me mean more much my need
    no not of on one or other our same should so some than that the their them then there these they this to too two use
    used using very was we well were what when where which while who why will with without would you your`.split(/\s+/),
  );
  const SHORT = {
    acc: "accuracy",
    attn: "attention",
    bn: "batchnorm",
    cnn: "convolution",
    conv: "convolution",
    ln: "layernorm",
    lr: "learning rate",
    mc: "monte carlo",
    nll: "likelihood",
    rnn: "recurrent",
    std: "deviation",
    tf: "tensorflow",
    val: "validation",
    var: "variance",
  };

  const stemmer = new Stemmer();
  const words = (text) => text.toLowerCase().match(/[\p{Letter}\p{Number}_]+/gu) ?? [];
  const stem = (word) => (SILENT.has(word) ? null : stemmer.stemWord(word));

  /** Words of a text; names_with_underscores also by their parts. */
  const indexed = (text) => words(text).flatMap((word) => (word.includes("_") ? [word, ...word.split("_")] : [word]));

  /** Words of a question: abbreviations as what they stand for as well, neighbors also as one word ("batch norm"). */
  function asked(text) {
    const all = words(text).flatMap((word) => [word, ...(SHORT[word]?.split(" ") ?? [])]);
    return [...all, ...all.slice(1).map((word, i) => all[i] + word)];
  }

  const search = new MiniSearch({
    fields: ["title", "keywords", "heading", "text"],
    storeFields: ["page", "place", "title", "heading", "text"],
    tokenize: indexed,
    processTerm: stem,
    searchOptions: {
      tokenize: asked,
      boost: { title: 2, keywords: 4, heading: 3 },
      prefix: (term) => term.length > 3,
      fuzzy: (term) => (term.length > 5 ? 0.2 : false),
      weights: { prefix: 0.3, fuzzy: 0.1 },
      boostDocument: (id, term, { page }) => (REFERENCE.test(page) ? 0.5 : 1),
    },
  });
  search.addAll(
    Object.entries(BOOK).flatMap(([page, { title, keywords, sections }]) =>
      sections.map(([place, heading, text], i) => ({
        id: `${page}#${place}`,
        page,
        place,
        title,
        heading,
        text,
        keywords: i ? "" : keywords, // of the page as a whole
      })),
    ),
  );

  /** The sentences around the one that has most of the terms, cut to an excerpt. */
  function excerpt(text, terms) {
    const sentences = text.split(/(?<=[.?!:]) /);
    const hits = sentences.map((sentence) => new Set(words(sentence).map(stem).filter((word) => terms.has(word))).size);
    const best = hits.indexOf(Math.max(...hits));
    const found = sentences.slice(best).join(" ");
    return found.length > EXCERPT ? `${found.slice(0, found.lastIndexOf(" ", EXCERPT))} …` : found;
  }

  function append(parent, tag, text = "", attributes = {}) {
    const node = parent.appendChild(document.createElement(tag));
    node.textContent = text;
    Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
    return node;
  }

  /** Append a text with the words marked that were looked for. */
  function appendMarked(parent, text, terms) {
    text.split(/([\p{Letter}\p{Number}_]+)/u).forEach((part) => {
      if (terms.has(stem(part.toLowerCase()))) append(parent, "mark", part);
      else parent.append(part);
    });
  }

  function show(results, query) {
    const place = document.getElementById("search-results");
    place.replaceChildren();
    const count = results.length === MOST ? `The best ${MOST} pages` : `${results.length} page${results.length === 1 ? "" : "s"}`;
    append(place, "p", `${results.length ? count : "No page"} for “${query}”`, { role: "status" });
    const list = append(place, "ol", "", { class: "found" });
    results.forEach(({ page, place: anchor, title, heading, text, terms }) => {
      const item = append(list, "li");
      append(item, "a", title, { href: `${page}.html` });
      if (heading !== title) {
        item.append(" › ");
        append(item, "a", heading, { href: `${page}.html#${anchor}` });
      }
      appendMarked(append(item, "p"), excerpt(text, new Set(terms)), new Set(terms));
    });
  }

  const query = new URLSearchParams(location.search).get("q")?.trim();
  if (query) {
    document.querySelectorAll("input[name=q]").forEach((field) => (field.value = query));
    const pages = new Map(); // Each page by the first of its sections, which is the best.
    search.search(query).forEach((result) => pages.has(result.page) || pages.set(result.page, result));
    show([...pages.values()].slice(0, MOST), query);
  }
}
