// Whether what the gateway sends is valid HTML, by the Nu Html Checker (vnu), which runs on Java.

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const VNU = createRequire(import.meta.url).resolve('vnu-jar/build/dist/vnu.jar');

/// What vnu says and we do not mind, each with its reason.
const MEANT = [
  // Apple's proposal to the HTML standard, by which password managers make passwords that are accepted at once.
  { says: /^Attribute “passwordrules” not allowed on element “input”/ },
];

/// The documents that pages came from, as they were sent.
export class Documents {
  #sources = [];

  get count() {
    return this.#sources.length;
  }

  /// Follows a page from before its first address.
  follow(page) {
    let last;
    page.on('response', (response) => {
      if (response.request().isNavigationRequest() && response.frame() === page.mainFrame()) last = response;
    });
    return { keep: async (name) => { this.#sources.push({ name, html: await last.text() }); } };
  }

  /// One line for each error and warning.
  async faults() {
    const folder = await mkdtemp(join(tmpdir(), 'signup-gateway-markup-'));
    try {
      const names = new Map();
      await Promise.all(this.#sources.map(({ name, html }, index) => {
        const file = join(folder, `${index}.html`);
        names.set(`file:${file}`, name);
        return writeFile(file, html);
      }));
      const options = ['-jar', VNU, '--exit-zero-always', '--stdout', '--format', 'json', folder];
      const { stdout } = await promisify(execFile)('java', options, { maxBuffer: 64 * 1024 * 1024 });
      return JSON.parse(stdout).messages
        .filter(({ message }) => !MEANT.some(({ says }) => says.test(message)))
        .map(({ url, lastLine, message, extract }) => `${names.get(url)}, line ${lastLine}: ${message} ${extract ?? ''}`);
    } finally {
      await rm(folder, { recursive: true });
    }
  }
}
