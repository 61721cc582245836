// The manifests: checked against the published schemas of Kubernetes, also for fields that there are not, and for what they promise.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor'
import { Deployment } from 'kubernetes-models/apps/v1/Deployment'
import { Job } from 'kubernetes-models/batch/v1/Job'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget'
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap'
import { Namespace } from 'kubernetes-models/v1/Namespace'
import { Service } from 'kubernetes-models/v1/Service'
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount'
import t from 'tap'
import ts from 'typescript'
import { parse, parseAllDocuments } from 'yaml'
import { ended } from '../../../test/support/program.ts'
import { readFleet } from '../../src/file/read-fleet.ts'
import { needsPrograms } from '../support/daemon.ts'

const folder = fileURLToPath(new URL('../../deploy/kubernetes/', import.meta.url))

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: object
}

/** Each kind by its schema, which throws where a manifest does not fit it, and where its type is. */
const kinds = {
  ConfigMap: [ConfigMap, 'kubernetes-models/v1'],
  Deployment: [Deployment, 'kubernetes-models/apps/v1'],
  Job: [Job, 'kubernetes-models/batch/v1'],
  Namespace: [Namespace, 'kubernetes-models/v1'],
  NetworkPolicy: [NetworkPolicy, 'kubernetes-models/networking.k8s.io/v1'],
  PodDisruptionBudget: [PodDisruptionBudget, 'kubernetes-models/policy/v1'],
  Service: [Service, 'kubernetes-models/v1'],
  ServiceAccount: [ServiceAccount, 'kubernetes-models/v1'],
  ServiceMonitor: [ServiceMonitor, '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1'],
} as const

function fault(manifest: Manifest): string | null {
  if (!Object.hasOwn(kinds, manifest.kind)) return `no schema of ${manifest.kind}`
  const [Kind] = kinds[manifest.kind as keyof typeof kinds]
  try {
    new Kind(manifest as never).validate()
    return null
  } catch (error) {
    return `${manifest.kind}: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** Fields that the types of Kubernetes do not have: its schemas let them pass, and so does its API. */
function unknownFields(manifests: readonly Manifest[]): readonly string[] {
  const file = join(import.meta.dirname, 'manifests.ts')
  const lines = manifests.map(manifest => {
    const [, place] = kinds[manifest.kind as keyof typeof kinds]
    return `export const x${manifests.indexOf(manifest)}: import('${place}').I${manifest.kind} = ${JSON.stringify(manifest)}`
  })
  const options = {
    module: ts.ModuleKind.NodeNext,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    // Of the language only what its schemas name, and nothing of browsers.
    lib: ['lib.es5.d.ts'],
  }
  const host = ts.createCompilerHost(options)
  const read = host.getSourceFile.bind(host)
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, lines.join('\n'), ts.ScriptTarget.ES2022) : read(name, ...rest)
  const program = ts.createProgram([file], options, host)
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

async function readManifest(name: string): Promise<Manifest> {
  return parse(await readFile(join(folder, name), 'utf8')) as Manifest
}

t.test('the manifests fit the schemas of Kubernetes, as kubectl puts them together', async t => {
  if (!needsPrograms(t, 'kubectl')) return
  const made = await ended('kubectl', ['kustomize', folder], { env: { PATH: process.env['PATH'] } })
  t.equal(made.code, 0, made.stderr)
  const together = parseAllDocuments(made.stdout).map(each => each.toJS() as Manifest)
  const all = [
    ...together,
    await readManifest('migrate-job.yaml'),
    await readManifest('service-monitor.yaml'),
  ]
  t.strictSame(all.map(({ kind }) => kind).sort(), Object.keys(kinds).sort())
  t.strictSame(
    all.map(fault).filter(found => found !== null),
    [],
  )
  t.strictSame(unknownFields(all), [])
  for (const { kind, metadata } of all)
    if (kind !== 'Namespace') t.match(metadata, { namespace: 'fluxloop-keys' }, kind)
})

t.test('the check finds a wrong value and a field that there is not', async t => {
  const budget = await readManifest('pod-disruption-budget.yaml')
  t.match(fault({ ...budget, spec: { maxUnavailable: [] } } as never), /maxUnavailable/)
  t.match(unknownFields([{ ...budget, spec: { maxUnavailible: 1 } } as never]), [/maxUnavailible/])
})

interface PodSpec {
  readonly terminationGracePeriodSeconds?: number
  readonly automountServiceAccountToken: boolean
  readonly containers: readonly { readonly env: readonly { readonly value?: string }[] }[]
}

t.test('pods have no privilege, a root that is read-only, and secrets by reference alone', async t => {
  for (const name of ['deployment.yaml', 'migrate-job.yaml']) {
    const manifest = (await readManifest(name)) as never as { spec: { template: { spec: PodSpec } } }
    const { spec } = manifest.spec.template
    t.match(spec, {
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    })
    t.notMatch(JSON.stringify(spec), /hostPath|hostNetwork|privileged|:latest/, name)
    for (const variable of spec.containers.flatMap(({ env }) => env)) t.notOk('value' in variable, name)
  }
})

t.test('three replicas have probes, and time to finish what is in flight', async t => {
  t.match(await readManifest('deployment.yaml'), {
    spec: {
      replicas: 3,
      template: {
        spec: {
          terminationGracePeriodSeconds: 40,
          containers: [
            {
              livenessProbe: { httpGet: { path: '/healthz' } },
              readinessProbe: { httpGet: { path: '/readyz' } },
            },
          ],
        },
      },
    },
  })
  t.match(await readManifest('pod-disruption-budget.yaml'), { spec: { maxUnavailable: 1 } })
})

t.test('the fleet file of the example is one', async t => {
  const reading = await readFleet('fleet.yaml', { cwd: folder })
  t.match(reading, { ok: true, fleet: { stacks: [{ name: 'payments', mode: 'plan' }] } })
})
