// What the built program loads at its start: a start is compiled anew each time, so what is not needed costs every command.
import { readFileSync, readdirSync } from 'node:fs'
import t from 'tap'

const folder = new URL('../../dist/', import.meta.url)

/** Files of the built program that one of them loads with it, itself included. */
function loadedWith(file: string, loaded = new Set<string>()): ReadonlySet<string> {
  if (loaded.has(file)) return loaded
  loaded.add(file)
  const text = readFileSync(new URL(file, folder), 'utf8')
  for (const [, path] of text.matchAll(/(?<!=>)\brequire\("\.\/([\w.-]+)"\)/g))
    if (path !== undefined) loadedWith(path, loaded)
  return loaded
}

t.test('a command loads nothing that only plans need, before it asks for it', async t => {
  const loaded = [...loadedWith('main.js')]
  t.match(loaded.join(' '), /\bchunk-first-/)
  t.notMatch(loaded.join(' '), /\bchunk-core-/)
})

t.test('every file of the program is strict, as a module is', async t => {
  const files = readdirSync(folder).filter(name => /\.c?js$/.test(name))
  const isStrict = (name: string) =>
    /^(?:#!.*\n)?"use strict";/.test(readFileSync(new URL(name, folder), 'utf8'))
  t.strictSame(
    files.filter(name => !isStrict(name)),
    [],
  )
})
