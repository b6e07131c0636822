// Validate an AsyncAPI document with AsyncAPI's own parser: exit 1 for any error or warning, and print what it says.
// Usage: node check_asyncapi.cjs DOCUMENT
const { Parser, fromFile } = require("@asyncapi/parser");

// Advice that does not fit: the product has no licence page or contact to name, and 3.0.0 is the version that tools take.
const NOT_OURS = new Set([
  "asyncapi-info-contact",
  "asyncapi-info-license",
  "asyncapi-latest-version",
]);

fromFile(new Parser(), process.argv[2])
  .parse()
  .then(({ document, diagnostics }) => {
    const found = diagnostics.filter(({ code }) => !NOT_OURS.has(code));
    for (const { code, path, message, range } of found) {
      console.error(`${process.argv[2]}:${range.start.line + 1}: /${path.join("/")}: ${message} (${code})`);
    }
    process.exitCode = document && found.length === 0 ? 0 : 1;
  });
