// data-upload: how much of the file is sent, how fast, what is left, and a way to stop. Without script it is a plain form.
const upload = document.querySelector('[data-upload]')

const sizeSaid = bytes => {
  for (const [unit, n] of [['GB', 2 ** 30], ['MB', 2 ** 20], ['kB', 2 ** 10]]) {
    if (bytes >= n) return `${bytes / n < 10 ? (bytes / n).toFixed(1) : Math.round(bytes / n)} ${unit}`
  }
  return `${bytes} bytes`
}
const timeSaid = s => (s < 60 ? `${Math.max(1, Math.round(s))} s` : s < 3600 ? `${Math.round(s / 60)} min` : `${(s / 3600).toFixed(1)} h`)

if (upload) {
  const part = name => upload.querySelector(`[data-${name}]`)
  const [file, sending, button] = [part('file'), part('sending'), part('send')]
  let began = 0
  let isSending = false

  const refuse = said => {
    const note = document.createElement('div')
    note.className = 'note bad'
    note.textContent = said
    document.getElementById('refused').replaceChildren(note)
  }
  const turn = on => {
    isSending = on
    sending.hidden = !on
    button.disabled = on
    upload.querySelectorAll('input:not([type=hidden])').forEach(input => { input.inert = on })
  }
  const isTooLarge = () => file.files[0]?.size > Number(upload.dataset.largest)

  file.addEventListener('change', () => {
    document.getElementById('refused').replaceChildren()
    if (isTooLarge()) refuse(`This file has ${sizeSaid(file.files[0].size)}; at most ${upload.dataset.largestSaid} are taken. Part it in two.`)
  })
  for (const kind of ['dragover', 'dragleave', 'drop']) {
    file.addEventListener(kind, () => file.classList.toggle('is-over', kind === 'dragover'))
  }
  upload.addEventListener('htmx:beforeRequest', event => {
    if (isTooLarge()) return event.preventDefault()
    began = performance.now()
    turn(true)
    part('sent').textContent = `Sending ${file.files[0].name}`
  })
  upload.addEventListener('htmx:xhr:progress', event => {
    const { loaded, total, lengthComputable } = event.detail
    if (!isSending || !lengthComputable) return
    const rate = loaded / Math.max(0.001, (performance.now() - began) / 1000)
    part('bar').value = loaded / total
    part('amount').textContent = `${sizeSaid(loaded)} of ${sizeSaid(total)} · ${sizeSaid(rate)}/s`
    part('left').textContent = loaded < total ? `about ${timeSaid((total - loaded) / rate)} left` : ''
    if (loaded >= total) {
      part('bar').removeAttribute('value')
      part('sent').textContent = 'Sent. It is being kept and looked at.'
    }
  })
  upload.addEventListener('htmx:beforeOnLoad', () => { isSending = false }) // the answer may lead to another page
  part('abort').addEventListener('click', () => window.htmx.trigger(upload, 'htmx:abort'))
  upload.addEventListener('htmx:afterRequest', event => {
    if (!event.detail.successful) turn(false)
  })
  upload.addEventListener('htmx:sendAbort', () => refuse('The upload was cancelled. Nothing of it was kept.'))
  upload.addEventListener('htmx:sendError', async () => {
    const isGone = await file.files[0]?.slice(0, 1).arrayBuffer().then(() => false, () => true)
    refuse(isGone
      ? 'The file was changed, moved or removed while it was sent. Choose it again.'
      : 'The connection broke before the file had arrived. Nothing of it was kept; send it again.')
  })
  addEventListener('beforeunload', event => { if (isSending) event.preventDefault() })
}
