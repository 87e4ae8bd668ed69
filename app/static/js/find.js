// Ctrl K (or ⌘ K) opens the search over everything; arrows walk the results, Enter opens one.
const finder = document.getElementById('finder')
const field = finder?.querySelector('input')

const open = event => {
  event.preventDefault()
  if (!finder.open) finder.showModal()
  field.select()
}

if (finder) {
  addEventListener('keydown', event => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') open(event)
    else if (event.key === '/' && !event.target.closest('input, textarea, select, [contenteditable]')) {
      const search = document.querySelector('[data-search]')
      if (search) { event.preventDefault(); search.select() }
    }
  })
  document.querySelector('[data-find]')?.addEventListener('click', open)
  finder.addEventListener('click', event => { if (event.target === finder) finder.close() })
  finder.addEventListener('keydown', event => {
    // A search field keeps the first Escape for itself, to clear what was typed.
    if (event.key === 'Escape') { event.preventDefault(); finder.close() }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (!step) return
    event.preventDefault()
    const links = [...finder.querySelectorAll('.found a')]
    const at = links.indexOf(document.activeElement) + step
    ;(links[at] ?? field).focus()
  })
}
