import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import type { Test } from 'tap'

const require = createRequire(import.meta.url)

/** What the server offers at a place. */
export interface Completion {
  readonly label: string
  /** The text that is put in, with `$1` and `${2:text}` where the cursor goes. */
  readonly insertText: string
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: { readonly message: string }
}

/** The language server that editors complete and check YAML with, over its standard input and output. */
export interface YamlLanguageServer {
  /** What it offers at the `|` in a text. */
  complete(text: string): Promise<readonly Completion[]>
  /** What it finds wrong with a text. */
  diagnose(text: string): Promise<readonly string[]>
}

/** Takes whole messages out of what came so far. */
function take(buffer: Buffer): { readonly messages: readonly Message[]; readonly rest: Buffer } {
  const messages: Message[] = []
  let rest = buffer
  for (;;) {
    const head = rest.indexOf('\r\n\r\n')
    const length = Number(/content-length: (\d+)/i.exec(rest.subarray(0, Math.max(0, head)).toString())?.[1])
    if (head < 0 || Number.isNaN(length) || rest.length < head + 4 + length) return { messages, rest }
    messages.push(JSON.parse(rest.subarray(head + 4, head + 4 + length).toString()) as Message)
    rest = rest.subarray(head + 4 + length)
  }
}

/** `folder`: where the texts are said to lie, so that a schema in their first line is found from there. */
export async function yamlLanguageServer(
  t: Pick<Test, 'teardown'>,
  folder: string,
): Promise<YamlLanguageServer> {
  const program = require.resolve('yaml-language-server/bin/yaml-language-server')
  // What tap loads into every process of Node has nothing to do here.
  const env = { ...process.env, NODE_OPTIONS: '' }
  const child = spawn(process.execPath, [program, '--stdio'], { env, stdio: ['pipe', 'pipe', 'ignore'] })
  t.teardown(() => child.kill('SIGKILL'))
  const waiting = new Map<number, (message: Message) => void>()
  const diagnosed = new Map<string, (messages: readonly string[]) => void>()
  const send = (message: object) => {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message })
    child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
  }
  let buffer = Buffer.alloc(0)
  child.stdout.on('data', (chunk: Buffer) => {
    const { messages, rest } = take(Buffer.concat([buffer, chunk]))
    buffer = Buffer.from(rest)
    for (const message of messages) {
      const { id, method } = message
      if (method === 'textDocument/publishDiagnostics') {
        const { uri, diagnostics } = message.params as { uri: string; diagnostics: { message: string }[] }
        diagnosed.get(uri)?.(diagnostics.map(each => each.message))
      } else if (method !== undefined && id !== undefined) send({ id, result: null })
      else if (id !== undefined) waiting.get(id)?.(message)
    }
  })
  let lastId = 0
  const ask = async (method: string, params: object): Promise<unknown> => {
    lastId += 1
    const id = lastId
    const answer = new Promise<Message>(resolve => waiting.set(id, resolve))
    send({ id, method, params })
    const { result, error } = await answer
    if (error !== undefined) throw new Error(`${method}: ${error.message}`)
    return result
  }
  await ask('initialize', {
    processId: process.pid,
    rootUri: pathToFileURL(folder).href,
    capabilities: { textDocument: { completion: { completionItem: { snippetSupport: true } } } },
  })
  send({ method: 'initialized', params: {} })
  const yaml = { completion: true, validate: true, schemaStore: { enable: false } }
  send({ method: 'workspace/didChangeConfiguration', params: { settings: { yaml } } })
  let documents = 0
  const open = (text: string) => {
    documents += 1
    const uri = pathToFileURL(`${folder}/document-${documents}.yaml`).href
    const diagnostics = new Promise<readonly string[]>(resolve => diagnosed.set(uri, resolve))
    const textDocument = { uri, languageId: 'yaml', version: 1, text }
    send({ method: 'textDocument/didOpen', params: { textDocument } })
    return { uri, diagnostics }
  }
  return {
    async complete(text) {
      const before = text.slice(0, text.indexOf('|')).split('\n')
      const { uri } = open(text.replace('|', ''))
      const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 }
      const found = (await ask('textDocument/completion', { textDocument: { uri }, position })) as {
        items: Completion[]
      } | null
      return found?.items ?? []
    },
    diagnose: text => open(text).diagnostics,
  }
}
