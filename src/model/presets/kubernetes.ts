import { shellWord } from '../shell-word.ts'
import { type Preset, type Settings, fieldForm, option, parts, valueOf, variable } from './preset.ts'

const kubectl = (settings: Settings) => [
  ...option('--context', settings['context']),
  '--namespace',
  valueOf(settings, 'namespace'),
]

/** Server-side apply owns the fields that it names, so without `data` it takes ours out again and no others. */
function manifest({ secret = '', namespace = '' }: Settings, data: Record<string, string>): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: secret, namespace },
    type: 'Opaque',
    data,
  })
}

const serverSideApply = (settings: Settings) => [
  'apply',
  '--server-side',
  // One manager a field: two keys in one Secret do not take each other's field out.
  `--field-manager=fluxloop-keys.${valueOf(settings, 'name')}`,
  // What we write is checked by the server: no need to fetch its schemas first.
  '--validate=false',
  ...kubectl(settings),
  '--filename=-',
]

const commandLine = (...words: readonly string[]) => words.map(shellWord).join(' ')

export const kubernetes = {
  text: 'One field of a Secret in Kubernetes, by server-side apply: its other fields stay as they are. Runs `kubectl`.',
  settings: {
    namespace: { text: 'The namespace of the Secret.', required: true },
    secret: { text: 'The name of the Secret.', required: true },
    name: { ...variable, text: 'The field in it.', form: fieldForm },
    context: { text: 'The context of the kubeconfig; the current one where nothing is said.' },
  },
  readable: true,
  local: false,
  siblingSetting: 'name',
  place: ({ context, namespace, secret, name }) =>
    parts(context, `${namespace ?? ''}/${secret ?? ''}`, `(${name ?? ''})`),
  program: 'kubectl',
  install:
    'Install kubectl (https://kubernetes.io/docs/tasks/tools), and a kubeconfig whose user may get, create and patch Secrets there.',
  probe: settings => [
    ...['auth', 'can-i', 'patch', `secrets/${valueOf(settings, 'secret')}`, '--quiet'],
    ...kubectl(settings),
  ],
  put: [serverSideApply],
  input: (secret, settings) =>
    manifest(settings, { [valueOf(settings, 'name')]: Buffer.from(secret).toString('base64') }),
  get: settings => [
    ...['get', 'secret', valueOf(settings, 'secret'), ...kubectl(settings), '--ignore-not-found'],
    // A Secret may lack the field, and may lack `data` when it has no field at all.
    `--output=go-template={{with .data}}{{with index . ${JSON.stringify(valueOf(settings, 'name'))}}}{{.}}{{end}}{{end}}`,
  ],
  output: stdout => Buffer.from(stdout.trim(), 'base64').toString('utf8'),
  remove: serverSideApply,
  removeInput: settings => manifest(settings, {}),
  absent: /\(NotFound\): (?:namespaces|secrets) "/,
  remedies: settings => [
    {
      said: /Apply failed with \d+ conflict/,
      hint: `The manager that it names owns this field. Take the field out of what that manager applies, then out of the Secret, and run this again: ${commandLine(
        ...['kubectl', 'patch', 'secret', valueOf(settings, 'secret'), ...kubectl(settings), '--type=json'],
        `--patch=[{"op":"remove","path":"/data/${valueOf(settings, 'name')}"}]`,
      )}`,
    },
  ],
} as const satisfies Preset
