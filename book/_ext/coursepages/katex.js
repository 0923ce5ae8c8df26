// Reads formulas, one JSON object {tex, displayMode} a line, and answers each with a line of JSON: {html} or {error}.
// Its one argument is the path of KaTeX.

const katex = require(process.argv[2]);

require("readline")
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { tex, displayMode } = JSON.parse(line);
    let answer;
    try {
      answer = { html: katex.renderToString(tex, { displayMode, strict: "error" }) };
    } catch (error) {
      answer = { error: error.message };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  });
