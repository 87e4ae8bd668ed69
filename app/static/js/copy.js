// data-copies="id": copies that field; says so in its own label.
document.addEventListener('click', async event => {
  const button = event.target.closest('[data-copies]')
  if (!button) return
  const field = document.getElementById(button.dataset.copies)
  field.select()
  await navigator.clipboard?.writeText(field.value).catch(() => document.execCommand('copy'))
  button.lastChild.textContent = 'Copied'
})
