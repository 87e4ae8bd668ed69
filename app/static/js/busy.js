// After 300 ms, never before: a table that loads fades, a button that was pressed turns and cannot be pressed twice.
const waits = new WeakMap()

document.addEventListener('htmx:beforeRequest', event => {
  const target = event.detail.target
  waits.set(event.detail.xhr, setTimeout(() => target.setAttribute('aria-busy', 'true'), 300))
})
document.addEventListener('htmx:afterRequest', event => {
  clearTimeout(waits.get(event.detail.xhr))
  event.detail.target.removeAttribute('aria-busy')
})
document.addEventListener('submit', event => {
  const button = event.submitter
  if (event.defaultPrevented || event.target.method !== 'post' || !button || button.formTarget) return
  setTimeout(() => { button.disabled = true }) // after the form has read its submitter
  setTimeout(() => button.classList.add('is-busy'), 300)
})
addEventListener('pageshow', event => {
  if (!event.persisted) return
  document.querySelectorAll('.btn.is-busy, .btn:disabled').forEach(button => {
    button.disabled = false
    button.classList.remove('is-busy')
  })
})
