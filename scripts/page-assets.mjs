// Bundles the script and the style of a page into texts of the program, with the hashes by which the page's policy knows them.
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { deflateRawSync } from 'node:zlib'
import { build } from 'esbuild'

const folder = new URL('../src/render/page/generated/', import.meta.url)

async function bundled(entry) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    charset: 'utf8',
    legalComments: 'none',
    format: 'iife',
    target: ['chrome120', 'firefox120', 'safari17'],
    logLevel: 'warning',
  })
  const text = outputFiles[0].text.trim()
  // It stands inside an element of its kind, and nothing but that element's end may end it.
  if (/<\/(script|style)|<!--/i.test(text)) throw new Error(`${entry} holds the end of an element.`)
  return text
}

const hashOf = text => `sha256-${createHash('sha256').update(text).digest('base64')}`

const script = await bundled('src/page-client/page-script.ts')
const style = await bundled('src/page-client/page.css')
// A third as large within the program, which only `report` and `ui` unpack.
const packed = text => deflateRawSync(text, { level: 9 }).toString('base64')
const values = {
  packedScript: packed(script),
  scriptHash: hashOf(script),
  packedStyle: packed(style),
  styleHash: hashOf(style),
}

await mkdir(folder, { recursive: true })
await writeFile(
  new URL('assets.js', folder),
  Object.entries(values)
    .map(([name, value]) => `export const ${name} = ${JSON.stringify(value)}\n`)
    .join(''),
)
await writeFile(
  new URL('assets.d.ts', folder),
  Object.keys(values)
    .map(name => `export declare const ${name}: string\n`)
    .join(''),
)
