// The page of a template: Ctrl S saves, and what is published is saved first, so that nobody publishes what they do not see.
const form = document.getElementById('template')
const dialog = document.getElementById('publish')
const isChanged = () => !document.querySelector('[data-unsaved-said]').hidden

const ask = link => htmx.ajax('GET', link.href, { target: '#publication', swap: 'innerHTML' }).then(() => dialog.showModal())

const saved = () => new Promise(done => {
  const answered = event => {
    if (event.target !== form) return // the problems below ask for themselves
    form.removeEventListener('htmx:afterRequest', answered)
    done(event.detail.successful)
  }
  form.addEventListener('htmx:afterRequest', answered)
  form.requestSubmit()
})

document.addEventListener('click', async event => {
  const link = event.target.closest('[data-publishes]')
  if (link) {
    event.preventDefault()
    if (!isChanged() || await saved()) ask(link)
  }
  if (event.target.closest('#publish [data-stays]')) {
    event.preventDefault()
    dialog.close()
  }
})
addEventListener('keydown', event => {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 's') return
  event.preventDefault()
  form.requestSubmit()
})
