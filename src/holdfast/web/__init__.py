"""The desk's web server: settings, addresses, shell templates, static files."""
