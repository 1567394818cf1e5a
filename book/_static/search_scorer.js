// Lectures come first, then what one looks up, then the package, and assignments last. The numbers
// are Sphinx's own, but for `score`.
const FIRST = { lectures: 40, exercises: -20, api: 0 };

var Scorer = {
    score: ([page, , , , score]) => score + (FIRST[page.split("/")[0]] ?? 10),
    objNameMatch: 11,
    objPartialMatch: 6,
    objPrio: { 0: 15, 1: 5, 2: -5 },
    objPrioDefault: 0,
    title: 15,
    partialTitle: 7,
    term: 5,
    partialTerm: 2,
};
