// The only file that help and version need. It is built as a script of its own, with the pages of the help in it.
import { fstatSync } from 'node:fs'
import manifest from '../package.json' with { type: 'json' }
import { answerTo } from './cli/answer.ts'
import { builtHelpOn } from './cli/generated/help-pages.ts'
import { printAnswer } from './runtime/print-answer.ts'

function isPrinted(text: string): boolean {
  try {
    printAnswer(text)
    return true
  } catch {
    return false
  }
}

/** What Node knows of a stream takes it 5 ms to load: into a pipe or a file nobody needs it. */
const mayBeTerminal = process.platform === 'win32' || fstatSync(1).isCharacterDevice()
const { isTTY, columns } = mayBeTerminal ? process.stdout : { isTTY: false, columns: 0 }
const screen = { isTTY, columns, env: process.env }
const answer = answerTo(process.argv.slice(2), manifest.version, screen, builtHelpOn)
// Where the output cannot be written, the program says so.
if (answer === null || !isPrinted(answer)) void import('./program.ts')
