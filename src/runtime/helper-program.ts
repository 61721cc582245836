import { fileURLToPath } from 'node:url'

/** A process of its own, which is bundled next to the program. */
export function helperProgram(name: string): { readonly command: string; readonly args: readonly string[] } {
  return { command: process.execPath, args: [fileURLToPath(new URL(`${name}.js`, import.meta.url))] }
}
