// The licences of everything that is inside the bundles, and a bill of materials of it (CycloneDX). Both come from what the bundlers say is
// inside, so nothing can be bundled without its notice: what has no licence text, or holds code of others that nobody named here, fails the build.
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Code that packages took over from others without their licence: part of which package, known by which paths. */
const embedded = [
  {
    name: 'llhttp',
    inside: 'undici',
    paths: /^node_modules\/undici\/lib\/llhttp\//,
    file: 'scripts/licences/llhttp.txt',
  },
  {
    name: 'ws',
    inside: 'undici',
    paths: /^node_modules\/undici\/lib\/web\/websocket\/receiver\.js$/,
    file: 'scripts/licences/ws.txt',
  },
]

const licenceFile = /^(?:licen[cs]e|copying|notice)(?:[.-][\w.-]+)?$/i

/** How a file says that it has code of others. */
const foreign = /^\s*(?:\/\/|\/?\*+).*(?:\bCopyright\b|\blicensed under\b|\bported from\b).*$/im

const packageOf = path => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]

/** The packages of which some code is in a bundle. */
function bundledPackages(paths) {
  return [...new Set(paths.map(packageOf).filter(name => name !== undefined))].sort()
}

const manifestOf = async name =>
  JSON.parse(await readFile(join('node_modules', name, 'package.json'), 'utf8'))

async function licenceOf(name, root) {
  const folder = join(root, 'node_modules', name)
  const files = (await readdir(folder)).filter(file => licenceFile.test(file)).sort()
  if (files.length === 0) throw new Error(`${name} is bundled and has no licence text`)
  const texts = await Promise.all(files.map(file => readFile(join(folder, file), 'utf8')))
  return texts.map(text => text.trim()).join('\n\n')
}

/** Fails where a bundled file names other authors than its package does, and `embedded` does not know it. */
async function requireKnown(paths, root) {
  for (const path of paths.filter(each => packageOf(each) !== undefined)) {
    if (embedded.some(({ paths: known }) => known.test(path))) continue
    const [line] = foreign.exec(await readFile(join(root, path), 'utf8')) ?? []
    if (line === undefined) continue
    const owner = await licenceOf(packageOf(path) ?? '', root)
    const [, holder = ''] = /Copyright\s*(?:\(c\)|©)?\s*[\d, -]*\s*(.*)$/i.exec(line) ?? []
    if (
      holder === '' ||
      !owner.includes(
        holder
          .replace(/\*\/.*$/, '')
          .trim()
          .replace(/[.;].*$/, ''),
      )
    )
      throw new Error(`${path} says "${line.trim()}": name it in scripts/notices.mjs, with its licence`)
  }
}

/** `root` is where node_modules is. */
export async function noticesText(paths, root = '.') {
  await requireKnown(paths, root)
  const sections = await Promise.all(
    bundledPackages(paths).map(async name => `## ${name}\n\n${await licenceOf(name, root)}\n`),
  )
  for (const { name, inside, paths: known, file } of embedded) {
    if (!paths.some(path => known.test(path))) continue
    sections.push(`## ${name} (inside ${inside})\n\n${(await readFile(file, 'utf8')).trim()}\n`)
  }
  const title = '# Third-party notices\n\nThese packages are part of the bundled program.\n\n'
  return title + sections.join('\n')
}

const hex = integrity => Buffer.from(integrity.replace(/^sha512-/, ''), 'base64').toString('hex')

const purlOf = (name, version) => `pkg:npm/${name.replace('@', '%40')}@${version}`

/**
 * A CycloneDX bill of materials, without a date and a random number: the same commit gives the same bytes. `native` are the packages that
 * are installed next to the program, and `manifest` is what says its name.
 */
export async function sbomText(paths, native, manifest = 'package.json') {
  const program = JSON.parse(await readFile(manifest, 'utf8'))
  const lock = JSON.parse(await readFile('package-lock.json', 'utf8')).packages
  const component = async (name, scope) => {
    const { version, license } = await manifestOf(name)
    const purl = purlOf(name, version)
    const { integrity } = lock[`node_modules/${name}`]
    return {
      type: 'library',
      'bom-ref': purl,
      name,
      version,
      scope,
      hashes: [{ alg: 'SHA-512', content: hex(integrity) }],
      licenses: [/[ ()]/.test(license) ? { expression: license } : { license: { id: license } }],
      purl,
    }
  }
  const bundled = await Promise.all(bundledPackages(paths).map(name => component(name, 'required')))
  const installed = await Promise.all(
    native.map(({ name, optional }) => component(name, optional ? 'optional' : 'required')),
  )
  for (const { name, inside, paths: known } of embedded) {
    const owner = bundled.find(each => each.name === inside)
    if (owner === undefined || !paths.some(path => known.test(path))) continue
    const part = {
      type: 'library',
      'bom-ref': `${owner['bom-ref']}#${name}`,
      name,
      licenses: [{ license: { id: 'MIT' } }],
    }
    owner.components = [...(owner.components ?? []), part]
  }
  const purl = purlOf(program.name, program.version)
  const components = [...bundled, ...installed]
  const bom = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': purl,
        name: program.name,
        version: program.version,
        licenses: [{ license: { id: program.license } }],
        purl,
      },
    },
    components,
    dependencies: [
      { ref: purl, dependsOn: components.map(each => each['bom-ref']) },
      ...components.map(each => ({ ref: each['bom-ref'] })),
    ],
  }
  return `${JSON.stringify(bom)}\n`
}
