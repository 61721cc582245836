// tap begins a process for each file of tests, which takes 0.8 s of a core before its first test. Files that need no process of
// their own share one: those of a room, or of several.
import { readdirSync } from 'node:fs'

const folder = new URL('../', import.meta.url)

/** Loads all tests of these folders of test/, in the order of their names. */
export async function playTogether(...rooms: readonly string[]): Promise<void> {
  for (const room of rooms) {
    const files = readdirSync(new URL(room, folder)).filter(name => name.endsWith('.test.ts'))
    for (const file of files.sort()) await import(new URL(`${room}/${file}`, folder).href)
  }
}
