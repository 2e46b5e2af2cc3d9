// What README.md tells people to write into their files, so that just that is tested.

import { readFileSync } from 'node:fs';

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
const [, section] = readme.split('\n## Running in production\n');
const blocks = section.split('\n## ')[0].match(/^```\w+\n.*?^```$/gms);

/** The block that has this text in it, with some of its texts replaced; each of them must be there. */
export function block(text, replacements) {
  const found = blocks.find((candidate) => candidate.includes(text));

  if (!found) {
    throw new Error(`README.md has no block with ${text}`);
  }

  return Object.entries(replacements).reduce((content, [from, to]) => {
    if (!content.includes(from)) {
      throw new Error(`The block with ${text} has no ${from}`);
    }

    return content.replaceAll(from, to);
  }, found.replace(/^```\w+\n/, '').replace(/```$/, ''));
}
