// data-unsaved: a form that is left with changes asks first, and says so in whatever has data-unsaved-said.
const form = document.querySelector('[data-unsaved]')

if (form) {
  const said = document.querySelector('[data-unsaved-said]')
  let isChanged = form.dataset.unsaved === 'already'
  const say = () => { if (said) said.hidden = !isChanged }
  const change = event => {
    if (event.target.closest('[data-not-kept]')) return // a search or a preview inside the form
    isChanged = true
    say()
  }
  for (const kind of ['input', 'change']) form.addEventListener(kind, change)
  form.addEventListener('submit', () => { isChanged = false })
  // Saved without leaving the page: what was typed meanwhile is not in it, and what was refused is not kept.
  form.addEventListener('htmx:afterRequest', event => {
    if (event.target !== form) return
    isChanged ||= !event.detail.successful
    say()
  })
  addEventListener('beforeunload', event => { if (isChanged) event.preventDefault() })
  say()
}
