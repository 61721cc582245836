export { hydrate, render } from 'preact'
