"""What can be asked of the timelines, and the answers: the same for the API, pages, formats and whoever comes."""
