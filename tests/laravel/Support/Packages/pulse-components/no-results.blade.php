<p>No results</p>
