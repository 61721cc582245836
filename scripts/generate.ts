// Makes the sources that are made from other files. In one process, since each takes as long to start as to do its work.
const scripts = ['help-pages.ts', 'compile-schema.ts', 'compile-fleet-schema.ts', 'page-assets.mjs']

for (const script of scripts) await import(`./${script}`)
