// The pages of the manual: one for each command, with all that its help says, in troff that no reader trips over.
import t from 'tap'
import manifest from '../../package.json' with { type: 'json' }
import { manPages } from '../../scripts/man.ts'
import { commands } from '../../src/cli/commands.ts'

const pages = manPages()

t.test('package.json lists every page, so that npm installs it', t => {
  t.strictSame([...manifest.man].sort(), pages.map(({ file }) => `./man/${file}`).sort())
  t.ok(manifest.files.includes('man'))
  t.end()
})

t.test('the page of each command has all of its flags', t => {
  for (const { name, flags } of commands) {
    const text = pages.find(({ file }) => file === `fluxloop-keys-${name.replaceAll(' ', '-')}.1`)?.text ?? ''
    for (const flag of flags)
      t.ok(text.replaceAll(String.raw`\-`, '-').includes(`--${flag.name}`), `${name} --${flag.name}`)
  }
  t.end()
})

t.test('no text is taken for a request of troff, and none is lost', t => {
  const requests = /^\.(?:TH|SH|TP|B|BR|PP|EX|EE|br)\b/
  for (const { file, text } of pages) {
    const lines = text.split('\n')
    t.strictSame(
      lines.filter(line => /^[.']/.test(line) && !requests.test(line)),
      [],
      file,
    )
    t.strictSame(
      lines.filter(line => /\\(?![-e&]|\(dq)/.test(line)),
      [],
      file,
    )
  }
  t.end()
})
